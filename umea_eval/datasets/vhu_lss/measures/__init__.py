"""Measures of VHU i LSS: clean frames in, tidy frames out, every choice a parameter."""

from umea_eval.datasets.vhu_lss.measures.change import (
    MEASURED,
    detectable_change,
    detectable_of,
    paired_change,
    pairs,
)
from umea_eval.datasets.vhu_lss.measures.conditions import (
    BMI_CLASSES,
    bmi_classes,
    high_blood_pressure,
    hyperlipidaemia,
    type_2_diabetes,
)
from umea_eval.datasets.vhu_lss.measures.detectable import detectable_participation
from umea_eval.datasets.vhu_lss.measures.homes import alike_in_homes, correlation_in_homes
from umea_eval.datasets.vhu_lss.measures.introduction import (
    detectable_introduction,
    event_course,
    introduction_change,
    registered_panel,
)
from umea_eval.datasets.vhu_lss.measures.metabolic_syndrome import metabolic_syndrome
from umea_eval.datasets.vhu_lss.measures.participation import (
    participation,
    participation_difference,
)
from umea_eval.datasets.vhu_lss.measures.people import flow, losses, people
from umea_eval.datasets.vhu_lss.measures.prevalence import (
    detection,
    distribution,
    first_visits,
    prevalence,
    with_persons,
)

__all__ = [
    "BMI_CLASSES",
    "MEASURED",
    "alike_in_homes",
    "bmi_classes",
    "correlation_in_homes",
    "detectable_change",
    "detectable_introduction",
    "detectable_of",
    "detectable_participation",
    "detection",
    "distribution",
    "event_course",
    "first_visits",
    "flow",
    "high_blood_pressure",
    "hyperlipidaemia",
    "introduction_change",
    "losses",
    "metabolic_syndrome",
    "paired_change",
    "pairs",
    "participation",
    "participation_difference",
    "people",
    "prevalence",
    "registered_panel",
    "type_2_diabetes",
    "with_persons",
]
