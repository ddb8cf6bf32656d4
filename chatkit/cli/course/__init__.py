"""Verbs that give people a course of their own."""
