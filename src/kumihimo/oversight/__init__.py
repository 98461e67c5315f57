"""Oversight: the privacy commission's decisions that the whole network obeys."""

from kumihimo.oversight.statement import lift, publish_assessment, suspend, withdraw_assessment

__all__ = ["lift", "publish_assessment", "suspend", "withdraw_assessment"]
