"""What container platforms and the sensors on them record: Kubernetes, Docker, Falco, Tetragon."""
