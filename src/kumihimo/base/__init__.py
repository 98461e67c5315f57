"""The alphabet of Kumihimo: identifiers, dates, municipalities and the error vocabulary. No I/O."""

from kumihimo.base.clock import JST, Clock, system_clock
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
from kumihimo.base.secret import Secret

__all__ = [
    "JST",
    "AddresseeNumber",
    "Clock",
    "CorporateNumber",
    "ErrorType",
    "IdentifierFault",
    "IndividualNumber",
    "InstitutionNumber",
    "InvalidIdentifier",
    "LocalGovernmentCode",
    "Problem",
    "ResidentCode",
    "Secret",
    "system_clock",
]
