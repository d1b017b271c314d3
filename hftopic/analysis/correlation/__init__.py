"""Correlations of topics within and across groups: estimates, tests, and recurrence over seeds."""
