"""The strings of ``--json`` and of the answers file: Swedish in every language."""

from __future__ import annotations

from typing import Literal, get_args

Severity = Literal["fel", "avrundning", "annan innebörd", "kan inte kontrolleras"]
ERROR: Severity = "fel"
ROUNDING: Severity = "avrundning"
OTHER_MEANING: Severity = "annan innebörd"
NOT_CHECKABLE: Severity = "kan inte kontrolleras"
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

Status = Literal["öppen", "besvarad", "bekräftad", "avfärdad"]
OPEN: Status = "öppen"
CONFIRMED: Status = "bekräftad"
DISMISSED: Status = "avfärdad"
STATUSES: tuple[Status, ...] = get_args(Status)
