"""The alphabet of Kumihimo: identifiers, dates, municipalities and the error vocabulary. No I/O."""

from kumihimo.base.ages import (
    age_on,
    fiscal_year,
    fiscal_year_days,
    fiscal_year_end_after,
    legal_age_on,
    legal_age_reached,
)
from kumihimo.base.clock import JST, Clock, system_clock
from kumihimo.base.eras import Era, EraDate, InvalidEraDate, format_era, from_era, parse_era, to_era
from kumihimo.base.error_types import ErrorType
from kumihimo.base.errors import Problem
from kumihimo.base.identifiers import (
    AddresseeNumber,
    CorporateNumber,
    IdentifierFault,
    IndividualNumber,
    InstitutionNumber,
    InvalidIdentifier,
    LocalGovernmentCode,
    ResidentCode,
)
from kumihimo.base.municipalities import (
    Municipality,
    MunicipalityKind,
    all_municipalities,
    body_of,
    in_force,
    municipality,
)
from kumihimo.base.secret import Secret

__all__ = [
    "JST",
    "AddresseeNumber",
    "Clock",
    "CorporateNumber",
    "Era",
    "EraDate",
    "ErrorType",
    "IdentifierFault",
    "IndividualNumber",
    "InstitutionNumber",
    "InvalidEraDate",
    "InvalidIdentifier",
    "LocalGovernmentCode",
    "Municipality",
    "MunicipalityKind",
    "Problem",
    "ResidentCode",
    "Secret",
    "age_on",
    "all_municipalities",
    "body_of",
    "fiscal_year",
    "fiscal_year_days",
    "fiscal_year_end_after",
    "format_era",
    "from_era",
    "in_force",
    "legal_age_on",
    "legal_age_reached",
    "municipality",
    "parse_era",
    "system_clock",
    "to_era",
]
