// A calculator in Java that speaks in lines: a thread for each client.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.net.Socket;

public class CalcServer {
    public static void main(String[] args) throws IOException {
        try (ServerSocket server = new ServerSocket(5000)) {
            while (true) {
                Socket socket = server.accept();
                new Thread(() -> session(socket)).start();
            }
        }
    }

    private static void session(Socket socket) {
        try (socket;
                BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
                PrintWriter out = new PrintWriter(socket.getOutputStream(), true)) {
            String name = in.readLine();
            String request;
            while ((request = in.readLine()) != null && !request.equals("q")) {
                System.out.println(name + ": " + request);
                out.println(compute(request));
            }
            System.out.println("Session ended");
        } catch (IOException e) {
            System.out.println("Lost a client: " + e.getMessage());
        }
    }

    private static String compute(String request) {
        String[] parts = request.trim().split("\\s+");
        if (parts.length != 3) {
            return "Invalid request";
        }
        try {
            double a = Double.parseDouble(parts[0]);
            double b = Double.parseDouble(parts[2]);
            switch (parts[1]) {
                case "+": return String.valueOf(a + b);
                case "-": return String.valueOf(a - b);
                case "*": return String.valueOf(a * b);
                case "/": return b == 0 ? "Cannot divide by zero" : String.valueOf(a / b);
                default: return "Unknown operator";
            }
        } catch (NumberFormatException e) {
            return "Invalid number";
        }
    }
}
