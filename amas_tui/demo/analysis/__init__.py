"""The AnalysisRun controller: measurements against the demo's Prometheus, and their verdict.

It does what Argo Rollouts v1.10.1 does (`Source:` names its files), with these left out: providers
other than Prometheus, `rangeQuery`, authentication and headers, the time to live of runs, and of
the conditions' language what `conditions` names. Secrets do not exist in the demo, so an argument
from one is not resolved.
"""
