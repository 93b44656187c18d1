"""The commands of `tend`, one module each; they read arguments and print, and leave the work to others."""
