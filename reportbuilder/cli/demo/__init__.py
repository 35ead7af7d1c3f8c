"""The whole product on one machine: every part as a process, a world to report on, and a first report."""
