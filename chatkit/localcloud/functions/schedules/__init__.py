"""When a timer fires: NCRONTAB expressions, intervals, time zones."""
