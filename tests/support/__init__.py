"""What tests of several rooms share: paths of real programs, and running as a user without rights."""
