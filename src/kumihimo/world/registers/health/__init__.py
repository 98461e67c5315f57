"""全国健康保険協会's register of insured employees and their dependants."""
