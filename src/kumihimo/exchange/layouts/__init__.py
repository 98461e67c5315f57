"""Layouts (データ標準レイアウト): the items an information type of the law consists of, and their form."""

from kumihimo.exchange.layouts.catalogue import Layouts, layouts
from kumihimo.exchange.layouts.matter import Narrowing, matters_of
from kumihimo.exchange.layouts.model import Item, Layout

__all__ = ["Item", "Layout", "Layouts", "Narrowing", "layouts", "matters_of"]
