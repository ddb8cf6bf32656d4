"""One blank in each section from 04 on: a small app with a hole, graded by what it does.

An exercise is a function app of its own in `my-chat/exercises/NN`, which a notebook's cell writes.
It runs on ports of its own, with a SignalR instance of its own: nobody in the chat sees anything
of it. A grade is a result and never an error, so that a notebook runs on past an open exercise.
"""
