"""Kumihimo 組紐: a country's number system and data-exchange infrastructure."""
