// No interface: this target acts before `main`, by being linked into the program.
