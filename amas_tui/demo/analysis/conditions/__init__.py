"""Conditions of metrics: expr-lang, as far as people write it in AnalysisTemplates.

Numbers, strings, `true`, `false`, `nil`; `result` and its elements; arithmetic, comparisons, `and`,
`or`, `not`, `? :`; `asFloat`, `asInt`, `default`, `isInf`, `isNaN`, `isNil`, `len`, `all`, `any`,
`none`, `one`, `count`. What else the language has (lists, maps, slices, variables, pipes, `in`,
other functions) is refused by name and never guessed.
"""
