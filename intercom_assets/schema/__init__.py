"""What a table is: column types, columns, and how a JSON value becomes a column's value.

Nothing here knows Intercom, a SQL dialect or any input and output.
"""
