"""The suite every provider must pass, ours and third parties'. For tests only: it needs pytest.

Describe how to reach a bureau (a sandbox or a staging environment) and how to make it misbehave in
a ``BureauUnderTest``, and inherit the tests::

    from regua.bureaus.conformance import BureauUnderTest, ConformanceSuite

    class MyBureau(BureauUnderTest): ...

    class TestMyBureau(ConformanceSuite):
        @pytest.fixture
        def bureau(self):
            with my_sandbox() as sandbox:
                yield MyBureau(sandbox)

What a bureau cannot be made to do, ``BureauUnderTest`` skips; what its provider does not declare in
``capabilities`` is not asked.
"""

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("suite", "inquiries", "listings", "failures", "helpers"))
)

from .bureau import BureauUnderTest, Delivery  # noqa: E402
from .doubles import MemoryJournal, MemoryTokenStore  # noqa: E402
from .suite import ConformanceSuite  # noqa: E402

__all__ = [
    "BureauUnderTest",
    "ConformanceSuite",
    "Delivery",
    "MemoryJournal",
    "MemoryTokenStore",
]
