"""A command in a folder, as a person types it there: in_folder FOLDER COMMAND ARGUMENT..."""

import os
import sys

if __name__ == "__main__":
    os.chdir(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
