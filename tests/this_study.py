"""What the study of this repository is, as tests need it."""

from analysis.plan.steps import steps
from analysis.survey.study import study

STUDY = study()
CITY, COUNTIES, TABLES = STUDY.city, STUDY.districts, STUDY.tables
COUNTY_TABLES, IDENTIFIERS = STUDY.district_tables, STUDY.identifiers
# those of the first wave
STEPS = [step for step in steps() if step.notebook != STUDY.between_waves]
