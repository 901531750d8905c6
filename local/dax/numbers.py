"""DynamoDB's numbers: of one value there is one form, an int where it is integral."""

from decimal import Context, Decimal


Number = int | Decimal
# Wider than 38 digits between 1E-130 and 1E+126, so that nothing is rounded.
_WIDE = Context(prec=400, Emin=-9999, Emax=9999)
_MOST = 130  # an integral number of more digits is left to DynamoDB to refuse


def number_of(text: str | int | Decimal) -> Number:
    """The number that a text means; decimal.InvalidOperation when it is none."""
    if isinstance(text, int):
        return text
    exact = Decimal(text)
    number = exact.normalize(_WIDE) if exact else Decimal(0)
    exponent = number.as_tuple().exponent
    integral = isinstance(exponent, int) and exponent >= 0 and number.adjusted() <= _MOST
    return int(number) if integral else number


def text_of(number: Number) -> str:
    """The number in plain digits, as DynamoDB gives it."""
    return str(number) if isinstance(number, int) else f"{number:f}"
