"""What a host's programs write of their own accord: syslog, the systemd journal, container and GPU tools."""
