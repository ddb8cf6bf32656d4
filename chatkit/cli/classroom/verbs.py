"""`chatkit class …`: many people, one instructor."""

from __future__ import annotations

import typer

from chatkit.cli.classroom import board, ending, enrolling, handing_out, membership, placing, prices

app = typer.Typer(
    name="class",
    help="A class: its roster, hand-out, board, cost, and its end.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(enrolling.roster)
app.command()(handing_out.show)
app.command()(handing_out.handout)
app.command()(prices.cost)
app.command()(placing.use)
app.command()(membership.join)
app.command()(membership.leave)
app.add_typer(board.app, name="board")
app.command()(ending.clean)
