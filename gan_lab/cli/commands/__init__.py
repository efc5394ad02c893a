"""The commands, a file each: ``PAGE`` is its help, ``run`` takes the words after its name and returns a status."""
