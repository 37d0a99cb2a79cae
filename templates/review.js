"use strict";
// Draws the pictures in the colours of a light or a dark page, and again when the page turns.
(() => {
  const { figures, palettes } = JSON.parse(document.getElementById("review-data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // A colour stands in a figure by its name, "@ink"; only values of colour keys are looked at, never a label.
  const painted = (value, palette, isColor) => {
    if (Array.isArray(value)) return value.map((one) => painted(one, palette, isColor));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, painted(one, palette, /color(scale)?$/.test(key))]),
      );
    }
    return isColor && typeof value === "string" && value[0] === "@" ? palette[value.slice(1)] : value;
  };

  const draw = () => {
    const palette = dark.matches ? palettes.dark : palettes.light;
    for (const place of document.querySelectorAll("[data-chart]")) {
      const figure = painted(figures[place.dataset.chart], palette, false);
      const isMap = place.dataset.chart === "world";
      const height = isMap ? Math.max(170, Math.round(place.clientWidth * 0.467)) : figure.height;
      const layout = { ...figure.layout, height, autosize: true };
      if (place.clientWidth < 360) {
        for (const [axis, narrow] of Object.entries(layout.meta ?? {})) Object.assign(layout[axis], narrow);
      }
      Plotly.react(place, figure.data, layout, { displayModeBar: false, responsive: true });
      place.parentElement.classList.add("drawn");
    }
  };

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) { width = innerWidth; draw(); }
  });
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  draw();
})();
