"""What an order costs: the demo's arithmetic."""


def price_order(quantity: int, *, thorough: bool) -> float:
    """``thorough`` tries every discount rule ever made, in pure Python."""
    return price_with_all_rules(quantity, rules=12_000 if thorough else 10)


def price_with_all_rules(quantity: int, rules: int) -> float:
    best = 1e9
    for rule in range(rules):
        best = min(best, apply_rule(quantity, rule))
    return round(best, 2)


def apply_rule(quantity: int, rule: int) -> float:
    total = 0.0
    for item in range(1, 40):
        total += quantity * (1 - ((item * rule) % 17) / 100)
    return total


def render_report(rows: int) -> str:
    """A table as text; slow on purpose when there are many rows."""
    lines = []
    for row in range(rows):
        total = apply_rule(row, row % 50)
        lines.append(f"{row:>6} | {total:>12.2f} | {'#' * (row % 40)}")
    return "\n".join(lines)
