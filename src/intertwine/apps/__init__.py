"""One page per task of the field: assemble, run, measure, report."""
