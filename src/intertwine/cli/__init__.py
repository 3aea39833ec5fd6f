"""The command line: one file per group of commands, and how errors are told."""
