"""The paper's experiment: what a process per connection costs, against scheduling in user space."""
