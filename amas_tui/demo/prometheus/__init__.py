"""A Prometheus in memory: it scrapes on the demo's clock, and evaluates PromQL for real.

What it knows of PromQL: selectors with `=`, `!=`, `=~`, `!~` and ranges; `rate`, `increase`,
`histogram_quantile`, `vector`, `scalar`; `sum`, `avg`, `min`, `max`, `count` with `by` and
`without`; `+ - * /` and comparisons with `bool`, `on` and `ignoring`; numbers, strings, signs and
parentheses. What it leaves out (`offset`, `@`, subqueries, set operators, grouping of many to
one, other functions, native histograms, exemplars, rules, alerts, remote write) it does not parse,
and answers with Prometheus' own error.
"""
