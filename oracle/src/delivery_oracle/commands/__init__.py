"""The commands of `delivery-oracle`, one file each: read, call a pure function, print JSON lines."""
