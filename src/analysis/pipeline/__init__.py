"""The pipeline: which notebooks run when, how one runs, and how their results become the published outputs."""
