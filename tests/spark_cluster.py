"""How do tests run a real Spark? A driver, a worker's two executor processes, all on loopback, from PySpark's own package."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
import pytest
from py4j.java_gateway import JavaGateway
from pyspark import SparkContext
from pyspark.sql import SparkSession

MASTER = "local-cluster[2,1,1024]"

# A short life: no time to be won by compiling for hours of work, nor by several threads that collect garbage.
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@contextmanager
def spark_cluster(folder: Path) -> Iterator[SparkSession]:
    """Give the session of a cluster of its own, all of whose files are below a folder, and leave no process behind."""
    home = folder / "home"  # the worker writes to it: it is PySpark's own folder in all else
    home.mkdir()
    for part in Path(pyspark.__file__).parent.iterdir():
        (home / part.name).symlink_to(part)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_HOME", str(home))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("SPARK_LOCAL_DIRS", str(folder / "local"))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        settings: dict[str, bool | float | int | str | None] = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": _JAVA,
            "spark.executor.extraJavaOptions": _JAVA,
            "spark.executor.memory": "512m",
            "spark.log.level": "ERROR",
            "spark.sql.session.timeZone": "America/New_York",  # a user's own, from which nothing may follow
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        builder = SparkSession.builder.master(MASTER).appName("audit-reports tests")
        session = builder.config(map=settings).getOrCreate()
        gateway = session.sparkContext._gateway
        try:
            yield session
        finally:
            session.stop()
            _end(gateway)
            shutil.rmtree(folder)


def _end(gateway: JavaGateway) -> None:
    """End the driver's JVM, which would otherwise live as long as this process."""
    gateway.shutdown()
    gateway.proc.stdin.close()  # it watches this pipe
    gateway.proc.wait(timeout=60)
    SparkContext._gateway = SparkContext._jvm = None
