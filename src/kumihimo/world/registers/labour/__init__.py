"""The labour bureau's register of employment insurance (雇用保険)."""
