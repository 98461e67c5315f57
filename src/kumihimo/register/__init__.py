"""The resident register of a municipality (住民基本台帳): who lives where, with whom, since when."""
