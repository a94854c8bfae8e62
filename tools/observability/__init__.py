"""What is made from the catalogue of metrics: recording and alert rules, dashboards, the reference page."""
