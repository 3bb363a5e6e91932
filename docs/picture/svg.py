"""Makes a picture of a terminal's screen, as `tmux capture-pane -e -p` prints it, at two times.

usage: svg.py COLUMNS UNDER_WAY END >PICTURE
"""

import io
import sys

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

# Rich's own frame, without the fonts that it would fetch from elsewhere.
FRAME = """\
<svg viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="a terminal">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
    font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
<rect fill="#1b1b1b" x="1" y="1" width="{width}" height="{height}" rx="8" />
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def lines(file: str) -> list[str]:
    with open(file, encoding="utf-8") as screen:
        return screen.read().rstrip("\n").splitlines()


def both(under_way: list[str], end: list[str]) -> list[str]:
    """The first, and what stands in the second below the last command of the first."""
    command = max(number for number, line in enumerate(under_way) if line == end[number])
    return under_way + end[command + 1 :]


def main() -> None:
    columns = int(sys.argv[1])
    screen = both(lines(sys.argv[2]), lines(sys.argv[3]))
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    for line in screen:
        console.print(Text.from_ansi(line), soft_wrap=True)
    print(console.export_svg(title="", theme=MONOKAI, code_format=FRAME, unique_id="terminal"), end="")


main()
