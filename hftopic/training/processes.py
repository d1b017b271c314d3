"""Processes that train one network of one's own together."""

from hftopic._processes import Processes as Processes
from hftopic._processes import of_the_job as of_the_job
