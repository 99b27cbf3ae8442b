"""A royalty statement as people read it: `sheet` puts it into words once, for the page, the PDF (`pdf`) and the table (`table`);
`behind` finds the sale lines behind a figure. Nothing is calculated here."""
