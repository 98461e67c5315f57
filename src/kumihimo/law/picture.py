"""x"""


def widening_svg(law: object) -> str:
    return ""
