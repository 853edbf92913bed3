"""What perftui publishes: JSON documents, and the same as plain text."""
