"""The plan: one YAML file that says what a model is made of; read strictly, every fault told at once."""

from credit_risk.plan.check import check_plan
from credit_risk.plan.plan import Plan, plan_schema
from credit_risk.plan.read import read_plan

__all__ = ["Plan", "check_plan", "plan_schema", "read_plan"]
