"""P-05: no exchange while either side's impact assessment is unpublished, outdated or withdrawn (28条6項)."""

from datetime import timedelta

from exchange_parties import CITY, NOW, PENSION, network
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Accepted
from kumihimo.node import Assessment

NET = network()
PAPERS = NET.ask(b"\x05" * 32)
days = st.integers(-3, 3).map(lambda n: NOW.date() + timedelta(days=n))
assessments = st.one_of(st.none(), st.builds(Assessment, days, days, st.one_of(st.none(), days)))


def stands(assessment: Assessment | None) -> bool:
    """An independent reading of the article."""
    if assessment is None or assessment.published > NOW.date():
        return False
    if assessment.valid_until < NOW.date():
        return False
    return not (assessment.withdrawn and assessment.withdrawn <= NOW.date())


@given(assessments, assessments)
@settings(max_examples=300, deadline=None)
def test_an_exchange_is_allowed_exactly_when_both_assessments_stand(ours, theirs):
    pair = {CITY: ours, PENSION: theirs}
    known = {name: one for name, one in pair.items() if one is not None}
    verdict = NET.check(PAPERS, directory=NET.overseen(assessments=known))
    if stands(ours) and stands(theirs):
        assert isinstance(verdict, Accepted)
    else:
        assert isinstance(verdict, Problem)
        assert verdict.type is ErrorType.PIA_NOT_PUBLISHED
