"""What is done to matter. One word a file; a word lowers to stages that end in `trajectory`."""
