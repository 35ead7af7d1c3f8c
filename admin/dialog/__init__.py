"""The dialog that makes a report step by step: when it runs, the details of that, a review, and the start."""
