"""What it means: one object in, one verdict out, each rule with its source upstream."""
