// No interface: linking this target is enough. It runs before `main`.
