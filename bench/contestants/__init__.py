"""The same jobs written plainly with other libraries, as a good engineer would, to stand beside ours."""
