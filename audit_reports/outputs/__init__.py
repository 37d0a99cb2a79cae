"""The formats of a review, a file each; `audit_reports.output` is the contract and lists them."""
