"""The Minister of Justice's copies of family registers (戸籍の副本), known by code only."""
