"""What can be asked of the controller: why not, what it means, the write, and its proof."""
