"""日本年金機構's register of insured persons and pensions."""
